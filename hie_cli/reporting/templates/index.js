"use strict";
// The index of a page that holds the pages of its videos: #1 shows the first of them.
(() => {
  const pages = JSON.parse(document.getElementById("pages").textContent);
  const list = document.getElementById("list"), one = document.getElementById("one");
  const footer = document.querySelector("footer"), back = document.getElementById("back");
  const links = list.querySelectorAll("a");

  const show = () => {
    const number = Number(location.hash.slice(1));
    const page = pages[number - 1];
    list.hidden = footer.hidden = page !== undefined;
    one.hidden = back.hidden = page === undefined;
    one.replaceChildren();
    if (page === undefined) return;
    const frame = document.createElement("iframe");
    frame.title = links[number - 1].querySelector(".name").textContent;
    frame.allowFullscreen = true;
    frame.srcdoc = page;
    one.append(frame);
    frame.focus();
  };

  addEventListener("hashchange", show);
  show();
})();
