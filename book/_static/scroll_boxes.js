/* What scrolls can be reached with the keyboard, and only what scrolls. */
"use strict";

function setStops() {
  for (const box of document.querySelectorAll(".table-box, .bd-content figure, .bd-content div.math")) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

addEventListener("load", setStops);
addEventListener("resize", setStops);
