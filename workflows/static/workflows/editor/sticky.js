/* Two columns, of which the shorter one stays in view while the longer one is scrolled. */

const MARGIN = 8;

/** Where a sticky column sticks: at the top, or, if it is longer than the window, with its end.
    @param {number} height @param {number} room */
export function stickAt(height, room) {
  return Math.min(MARGIN, room - height);
}

/** @param {HTMLElement[]} columns @param {HTMLElement | null} foot what covers the end of the window */
export function keepInView(columns, foot) {
  const place = () => {
    const room = window.innerHeight - (foot ? foot.offsetHeight : 0) - MARGIN;
    for (const column of columns) column.style.setProperty("--sayr-editor-stick", `${stickAt(column.offsetHeight, room)}px`);
  };
  const observer = new ResizeObserver(place);
  columns.forEach((column) => observer.observe(column));
  window.addEventListener("resize", place);
}
