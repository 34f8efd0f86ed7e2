//! Building elements without markup: text goes in as text, so nothing that people write can become anything else.

/**
 * An element with `properties` (DOM properties; `class`, `data` and `aria` by those names; `on*` listeners) and
 * children: nodes or texts.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') element.className = value;
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'aria') setAria(element, value);
    else if (name === 'role') element.setAttribute('role', value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function icon(name) {
  return el('span', { class: `icon icon-${name}`, aria: { hidden: 'true' } });
}

/** The icons that a state of the room shows later on. Fetched ahead: by then the server may be away. */
const LATER =
  'camera camera-off close delete edit expand hand lock microphone microphone-off more refresh screen screen-off send shield shrink signal sound unlock';

/** An unseen element that keeps the icons of later states at hand. */
export function iconStore() {
  return el('div', { class: 'visually-hidden', aria: { hidden: 'true' } }, ...LATER.split(' ').map(icon));
}

export function setIcon(element, name) {
  setClass(element, `icon icon-${name}`);
}

export function setAria(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, `aria-${name}`, value);
}

/** Setters that leave alone what is so already: a screen reader announces changes, and layout is not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

export function setData(element, name, value) {
  const text = String(value);
  if (element.dataset[name] !== text) element.dataset[name] = text;
}

export function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/**
 * Makes `container`'s children those that `show(item, known)` gives for `items`, in order, reusing by `keyOf(item)`.
 * `views` is the caller's map from key to view; a view has an `element`.
 */
export function reconcile(container, views, items, keyOf, show) {
  const keys = new Set(items.map(keyOf));
  for (const [key, view] of [...views]) {
    if (keys.has(key)) continue;
    view.element.remove();
    views.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    const view = show(item, views.get(key));
    views.set(key, view);
    if (container.children[index] !== view.element) container.insertBefore(view.element, container.children[index] ?? null);
  });
}
