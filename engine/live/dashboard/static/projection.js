// Places on the plane: Albers' conic projection, which leaves areas as they are (H. C. Albers, 1805;
// J. P. Snyder, "Map Projections: A Working Manual", USGS 1395, 1987, p. 98). Alaska and Hawaii
// stand below California, as maps of the United States have them.

const RADIANS = Math.PI / 180;
const HALF = 0.38; // half of the country's width, on the unit sphere

function albers(first, second, latitude, longitude) {
  const [one, two, middle] = [first, second, latitude].map((angle) => Math.sin(angle * RADIANS));
  const n = (one + two) / 2;
  const c = Math.cos(first * RADIANS) ** 2 + 2 * n * one;
  const rho = (sine) => Math.sqrt(c - 2 * n * sine) / n;
  const rho0 = rho(middle);
  return (long, lat) => {
    const theta = n * (long - longitude) * RADIANS;
    const radius = rho(Math.sin(lat * RADIANS));
    return [(radius * Math.sin(theta)) / HALF, (rho0 - radius * Math.cos(theta)) / HALF];
  };
}

const states48 = albers(29.5, 45.5, 38, -96);
const alaska = albers(55, 65, 64, -152);
const hawaii = albers(8, 18, 20.5, -157);

const moved = (project, scale, x, y) => (long, lat) => {
  const [found, other] = project(long, lat);
  return [found * scale + x, other * scale + y];
};

const inAlaska = moved(alaska, 0.34, -0.78, -0.48);
const inHawaii = moved(hawaii, 1, -0.42, -0.55);

export function projected(long, lat) {
  if (lat > 50 && long < -128) return inAlaska(long, lat);
  if (lat < 24 && long < -150) return inHawaii(long, lat);
  return states48(long, lat);
}
