//! Shortcuts, active while no field has the focus.

/** `keys` maps a letter to what it does; `onEscape` hears Esc wherever the focus is. */
export function listenToKeys({ keys, onEscape }) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === 'Escape') onEscape();
    else if (!isField(event.target) && !document.querySelector('dialog[open]')) keys[event.key.toLowerCase()]?.();
  });
}

function isField(target) {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
