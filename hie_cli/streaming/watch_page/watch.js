"use strict";
// Says how late the picture is and what is counted; the picture itself is one long answer.
const state = document.getElementById("state");

async function ask() {
  try {
    const answer = await fetch("state.json");
    const said = await answer.json();
    state.textContent = said.over
      ? "the run has ended"
      : `${said.name}: ${said.people} people, ${said.delay.toFixed(1)} s late, ${said.dropped} frames dropped`;
    if (said.over) return;
  } catch {
    state.textContent = "the run has ended, or does not answer";
    return;
  }
  setTimeout(ask, 1000);
}

ask();
