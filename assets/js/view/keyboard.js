//! Shortcuts, active while no field has the focus.

/** `keys` maps a letter to what it does; `onEscape` hears Esc wherever the focus is. */
export function listenToKeys({ keys, onEscape }) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (document.querySelector('dialog[open]')) return; // Esc closes the dialog alone
    if (event.key === 'Escape') return onEscape();
    const action = keys[event.key.toLowerCase()];
    if (!action || isField(event.target)) return;
    event.preventDefault(); // the letter must not land in a field that the action gives the focus to
    action();
  });
}

function isField(target) {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}
