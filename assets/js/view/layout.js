//! Where the tiles stand: pure geometry.

const GAP = 10;
/** Tiles are about this shape; a little narrower or wider is filled rather than left black. */
const RATIO = 16 / 9;
const RATIO_MIN = 4 / 3;
/** The filmstrip beside or below what is shown large. */
const STRIP_SHARE = 0.2;
const STRIP_SHARE_MANY = 0.26;
const MANY = 4;
const STRIP_MIN = 96;
const STRIP_MAX = 230;

/** Rectangles `{left, top, width, height}` for `count` equal tiles in a box, as large as they can be, centred. */
export function gridOf(count, width, height) {
  let best = null;
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const tile = fit((width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows);
    if (!best || tile.width * tile.height > best.tile.width * best.tile.height) best = { columns, rows, tile };
  }
  return best ? place(count, best, width, height) : [];
}

/** One large rectangle and `count` small ones in a strip: below it, or beside it where the box is wide. */
export function focusOf(count, width, height) {
  if (count === 0) return { main: { left: 0, top: 0, width, height }, strip: [] };
  const beside = width > height * 1.5;
  const share = count > MANY ? STRIP_SHARE_MANY : STRIP_SHARE;
  const size = Math.round(Math.min(STRIP_MAX, Math.max(STRIP_MIN, (beside ? width : height) * share)));
  if (beside) {
    const left = width - size;
    const strip = gridOf(count, size, height).map((box) => ({ ...box, left: box.left + left }));
    return { main: { left: 0, top: 0, width: left - GAP, height }, strip };
  }
  const top = height - size;
  const strip = gridOf(count, width, size).map((box) => ({ ...box, top: box.top + top }));
  return { main: { left: 0, top: 0, width, height: top - GAP }, strip };
}

/** The largest tile within a cell. */
function fit(width, height) {
  const w = Math.max(0, width);
  const h = Math.max(0, height);
  if (w > h * RATIO) return { width: h * RATIO, height: h };
  if (w < h * RATIO_MIN) return { width: w, height: w / RATIO_MIN };
  return { width: w, height: h };
}

function place(count, { columns, rows, tile }, width, height) {
  const top = (height - rows * tile.height - GAP * (rows - 1)) / 2;
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (width - inRow * tile.width - GAP * (inRow - 1)) / 2;
    return {
      left: left + (i % columns) * (tile.width + GAP),
      top: top + row * (tile.height + GAP),
      width: tile.width,
      height: tile.height,
    };
  });
}
