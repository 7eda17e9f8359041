"""Words that people, streets, jobs and merchants are named with."""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES_F: Final = _words(
    "Abigail Adele Agnes Alice Amara Amelia Ana Anita Beatrice Bella Bianca Carmen Carol Celia"
    " Chloe Clara Dana Daphne Delia Diana Edith Elena Elise Esther Eva Fatima Fiona Flora Frances"
    " Gloria Grace Greta Hanna Hazel Helen Ida Ines Irene Iris Jana Jasmine Joan Josephine Julia"
    " Karen Keiko Laura Leila Lena Linda Lucia Mabel Maria Marta Mei Mina Monica Nadia Naomi Nina"
    " Olga Olivia Paula Petra Priya Rachel Rita Rosa Ruth Sara Selma Sofia Sonia Tara Teresa Thea"
    " Uma Vera Violet Wanda Yara Yvonne Zoe"
)
FIRST_NAMES_M: Final = _words(
    "Aaron Adam Ahmed Alan Albert Andre Arjun Arthur Basil Ben Bruno Carl Carlos Cedric Chen Cyrus"
    " Damian Daniel David Dennis Diego Edgar Edwin Elias Emil Enrique Erik Ethan Felix Floyd Frank"
    " Gabriel George Gilbert Hank Harold Hassan Hector Hugo Ian Isaac Ivan Jack Jamal Jerome Joel"
    " Jonas Jorge Juan Karl Keith Kofi Lars Leon Liam Louis Luis Marcus Mario Martin Max Miguel"
    " Nathan Neil Nikolai Noah Omar Oscar Otto Pablo Patrick Paul Quentin Ravi Raymond Ricardo"
    " Robert Roman Samuel Sean Simon Stefan Theo Tobias Victor Walter Wei Xavier Yusuf"
)
LAST_NAMES: Final = _words(
    "Abbott Acosta Adler Ahmad Albright Almeida Andersen Arnold Ashby Atkins Baker Barlow Becker"
    " Bell Bennett Bishop Blake Boyd Brandt Briggs Brooks Byrne Cabrera Campbell Carver Castillo"
    " Chang Chapman Cole Conway Cooper Cortez Crane Cruz D'Angelo Dalton Daniels Decker Delgado"
    " Diaz Donovan Doyle Drake Duarte Eaton Ellis Emerson Espinoza Farrell Ferreira Fischer Flynn"
    " Foster Fowler Fuentes Gallagher Garrett Gibson Gomez Goodwin Grant Greer Gupta Haas Hale"
    " Hansen Harper Hayes Herrera Hobbs Holt Horn Howell Hughes Ibarra Ingram Jacobs Jensen Joshi"
    " Kane Keller Khan Kim Kirby Klein Knox Kramer Lambert Lang Larsen Leblanc Lopez Lowe Lund"
    " Maddox Malone Marsh Mata McCoy McGrath Mercer Meyer Molina Moody Moreno Morrow Nash Navarro"
    " Nguyen Nolan Novak O'Brien O'Connor O'Neill Ochoa Ortega Osborne Pace Palmer Park Patel Pena"
    " Perkins Petrov Pike Pratt Quinn Ramos Rao Reyes Rhodes Rivera Rossi Rowe Ruiz Salazar Santos"
    " Schmidt Sharma Shaw Silva Singh Soto Stark Stein Sutton Tanaka Tate Torres Trujillo Turner"
    " Underwood Vance Vargas Vega Vogel Wade Walsh Weber West Whitaker Wolfe Wong Wu Yates York"
    " Young Zamora Zhang Zimmer"
)
STREET_NAMES: Final = _words(
    "Alder Ash Bay Beech Birch Bridge Canal Cedar Cherry Chestnut Church Clay College Court Creek"
    " Dogwood Elm Fairview Ferry Forest Front Garden Grove Harbor Hickory High Highland Hill"
    " Hillcrest Jefferson Juniper Lake Laurel Liberty Lincoln Linden Locust Main Maple Market"
    " Meadow Mill Monroe Oak Orchard Park Pearl Pine Pleasant Poplar Prospect Railroad Ridge River"
    " School Spring Spruce State Summit Sunset Sycamore Union Valley Walnut Washington Willow"
    " Woodland"
)
STREET_KINDS: Final = ("Street", "Street", "Avenue", "Road", "Lane", "Drive", "Court", "Way")
JOBS: Final = (
    "Accountant",
    "Actuary",
    "Air traffic controller",
    "Architect",
    "Archivist",
    "Baker",
    "Barista",
    "Biochemist",
    "Bookseller",
    "Bus driver",
    "Carpenter",
    "Cashier",
    "Chef",
    "Childcare worker",
    "Civil servant",
    "Copywriter",
    "Dentist",
    "Dietitian",
    "Editor, film",
    "Editor, newspaper",
    "Electrician",
    "Engineer, civil",
    "Engineer, electrical",
    "Engineer, software",
    "Farm manager",
    "Firefighter",
    "Florist",
    "Geologist",
    "Graphic designer",
    "Hairdresser",
    "Hotel manager",
    "Insurance underwriter",
    "Interpreter",
    "Journalist",
    "Landscape gardener",
    "Lawyer",
    "Lecturer, college",
    "Librarian",
    "Machinist",
    "Mechanic",
    "Midwife",
    "Musician",
    "Nurse, adult",
    "Nurse, children's",
    "Optician",
    "Paramedic",
    "Pharmacist",
    "Photographer",
    "Physiotherapist",
    "Pilot, airline",
    "Plumber",
    "Police officer",
    "Psychologist, clinical",
    "Realtor",
    "Receptionist",
    "Retired",
    "Sales executive",
    "Scientist, physical",
    "Security guard",
    "Social worker",
    "Statistician",
    "Student",
    "Surveyor, land",
    "Teacher, primary",
    "Teacher, secondary",
    "Truck driver",
    "Veterinary surgeon",
    "Waiter",
    "Warehouse operative",
    "Web developer",
)
# {a}, {b}, {c} are last names. Commas, apostrophes and ampersands are data: files carry no quotes.
LOCAL_MERCHANTS: Final = (
    "{a} & Sons",
    "{a}'s {trade}",
    "{a}, {b} and {c}",
    "{a}-{b}",
    "{a} {trade}",
    "{a} & {b} {trade}",
    "{a} {trade}, Inc.",
    "{a} {trade} LLC",
)
TRADES: Final[dict[str, tuple[str, ...]]] = {
    "groceries": ("Market", "Foods", "Grocers"),
    "restaurants": ("Bistro", "Kitchen", "Grill"),
    "fast_food": ("Coffee", "Burgers", "Deli"),
    "fuel": ("Fuel Stop", "Service Station", "Gas"),
    "transit": ("Transit", "Cabs", "Parking"),
    "pharmacy": ("Pharmacy", "Drugs", "Apothecary"),
    "health": ("Clinic", "Dental", "Medical Group"),
    "apparel": ("Clothing", "Shoes", "Outfitters"),
    "electronics": ("Electronics", "Camera & Hi-Fi", "Computers"),
    "home_garden": ("Hardware", "Garden Centre", "Furniture"),
    "travel": ("Travel", "Inn & Suites", "Car Rental"),
    "entertainment": ("Cinema", "Bowling", "Tavern"),
    "online_retail": ("Online", "Direct", "Store.com"),
    "digital_goods": ("Games", "Apps", "Media"),
    "food_delivery": ("To Go", "Delivers", "Eats"),
    "subscriptions": ("Plus", "Cloud", "Streaming"),
}
