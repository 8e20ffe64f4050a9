"use strict";
// Dark or light: as the system says, until the reader chooses; the choice is kept where it can be.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  let chosen = null;
  try { chosen = localStorage.getItem("hie-theme"); } catch { /* not allowed here */ }
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = dark() ? "Light" : "Dark"; };
  name();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("hie-theme", root.dataset.theme); } catch { /* not kept then */ }
    name();
  });
})();
