// Signs in and out, shows the parameters of the chosen question, asks it, shows the answer.
// Values enter the page as text only, never as markup; nothing is sent before somebody presses.
"use strict";

const form = document.getElementById("ask");
const question = document.getElementById("question");
const status = document.getElementById("status");
const table = document.getElementById("answer");
const signIn = document.getElementById("sign-in");
const token = document.getElementById("token");
const signOut = document.getElementById("sign-out");
const csrf = document.querySelector('meta[name="csrf-token"]');

function tell(text) {
  status.textContent = text;
}

async function told(response) {
  const problem = await response.json();
  return `${problem.title}. ${problem.detail || ""}`.trim();
}

async function reached(work) {
  try {
    await work();
  } catch (error) {
    tell(`The service could not be reached: ${error.message}`);
  }
}

function enter(event) {
  event.preventDefault();
  tell("Signing in …");
  reached(async () => {
    const response = await fetch("/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: token.value }),
    });
    if (response.ok) {
      const kept = await fetch("/session");
      if (kept.ok) return location.replace("/");
      tell("This browser does not keep the cookie; the page must be reached by https, or on this machine.");
    } else {
      tell(await told(response));
    }
    token.focus();
  });
}

function leave() {
  reached(async () => {
    const headers = { "X-CSRF-Token": csrf.content };
    const response = await fetch("/session", { method: "DELETE", headers });
    if (response.ok) location.replace("/");
    else tell(await told(response));
  });
}

// A sign-in link has the token after the #, which no browser sends to a server or to another page.
function takeFromLink() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!linked) return;
  history.replaceState(null, "", "/");
  if (signIn) {
    token.value = linked;
    tell("The link brought your token; press “Sign in”.");
    signIn.querySelector("button").focus();
  } else {
    tell("You are signed in already; sign out first, then follow the link again.");
  }
}

function chosen() {
  return form.querySelector(`fieldset[data-question="${question.value}"]`);
}

function choose() {
  for (const fieldset of form.querySelectorAll("fieldset")) {
    fieldset.hidden = fieldset.disabled = fieldset !== chosen();
  }
}

function cell(kind, text, isNumber) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (isNumber) element.className = "number";
  if (kind === "th") element.scope = "col";
  return element;
}

function show(...rows) {
  const caption = document.createElement("caption");
  caption.id = "caption";
  caption.textContent = question.selectedOptions[0].text;
  table.replaceChildren(caption, ...rows);
  table.parentElement.hidden = false;
}

function rowsOf(variables, solutions) {
  const head = document.createElement("tr");
  head.append(...variables.map((name) => cell("th", name)));
  return [head, ...solutions.map((solution) => {
    const row = document.createElement("tr");
    row.append(...variables.map((name) => {
      const term = solution[name];
      return cell("td", term ? term.value : "", term && /#(integer|decimal|double)$/.test(term.datatype || ""));
    }));
    return row;
  })];
}

function ask(event) {
  event.preventDefault();
  table.parentElement.hidden = true;
  tell("Asking …");
  reached(async () => {
    const parameters = new URLSearchParams();
    for (const input of chosen().querySelectorAll("input")) parameters.set(input.name, input.value);
    const response = await fetch(`/questions/${question.value}?${parameters}`, {
      headers: { Accept: "application/sparql-results+json, text/turtle;q=0.5" },
    });
    if (!response.ok) return tell(await told(response));
    const epoch = response.headers.get("Consent-Epoch");
    if (response.headers.get("Content-Type").startsWith("text/turtle")) {
      const row = document.createElement("tr");
      row.append(cell("td", await response.text()));
      show(row);
      return tell(`Answered at epoch ${epoch}.`);
    }
    const answer = await response.json();
    const solutions = answer.results.bindings;
    show(...rowsOf(answer.head.vars, solutions));
    tell(`${solutions.length} rows, answered at epoch ${epoch}.`);
  });
}

function showTime() {
  const until = document.getElementById("until");
  if (until) until.textContent = new Date(until.dateTime).toLocaleString();
}

takeFromLink();
showTime();
if (signIn) signIn.addEventListener("submit", enter);
if (signOut) signOut.addEventListener("click", leave);
if (form) {
  question.addEventListener("change", choose);
  form.addEventListener("submit", ask);
  choose();
}
