// Who tells the token comes to what was asked for: the page, and the alert that was opened on it.

const form = document.querySelector("form");
const asked = location.pathname === form.getAttribute("action") ? new URLSearchParams(location.search).get("page") : location.pathname;
form.action = `${form.getAttribute("action")}?${new URLSearchParams({ page: asked ?? "/" })}${location.hash}`;
