// Shows the parameters of the chosen question, asks it with the visitor's token, shows the answer.
// Values enter the page as text only, never as markup.
"use strict";

const form = document.getElementById("ask");
const question = document.getElementById("question");
const status = document.getElementById("status");
const table = document.getElementById("answer");

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
  return element;
}

function show(variables, solutions) {
  const head = document.createElement("tr");
  head.append(...variables.map((name) => cell("th", name)));
  const rows = solutions.map((solution) => {
    const row = document.createElement("tr");
    row.append(...variables.map((name) => {
      const term = solution[name];
      return cell("td", term ? term.value : "", term && /#(integer|decimal|double)$/.test(term.datatype || ""));
    }));
    return row;
  });
  table.replaceChildren(head, ...rows);
  table.hidden = false;
}

async function ask(event) {
  event.preventDefault();
  table.hidden = true;
  status.textContent = "Asking …";
  const parameters = new URLSearchParams();
  for (const input of chosen().querySelectorAll("input")) parameters.set(input.name, input.value);
  const token = document.getElementById("token").value.trim();
  try {
    const response = await fetch(`/questions/${question.value}?${parameters}`, {
      headers: { Authorization: `Bearer ${token}`, Accept: "application/sparql-results+json, text/turtle;q=0.5" },
    });
    if (!response.ok) {
      const problem = await response.json();
      status.textContent = `${problem.title}. ${problem.detail || ""}`;
      return;
    }
    const epoch = response.headers.get("Consent-Epoch");
    if (response.headers.get("Content-Type").startsWith("text/turtle")) {
      const row = document.createElement("tr");
      row.append(cell("td", await response.text()));
      table.replaceChildren(row);
      table.hidden = false;
      status.textContent = `Answered at epoch ${epoch}.`;
      return;
    }
    const answer = await response.json();
    const solutions = answer.results.bindings;
    show(answer.head.vars, solutions);
    status.textContent = `${solutions.length} rows, answered at epoch ${epoch}.`;
  } catch (error) {
    status.textContent = `The service could not be reached: ${error.message}`;
  }
}

question.addEventListener("change", choose);
form.addEventListener("submit", ask);
choose();
