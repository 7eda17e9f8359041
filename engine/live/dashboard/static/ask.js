// Asking the scorer for what does not come by the stream.

export async function fetched(path, options) {
  const answer = await fetch(path, options);
  // The session is over: the page that asks for the token stands where this one does, and leads
  // back to it.
  if (answer.status === 401) location.reload();
  return answer;
}
