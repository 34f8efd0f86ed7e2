// A classic script, and not a module: it has to be there when a module is not. Where one of them does not arrive the
// browser runs none of them, and without this the page would stay empty without a word.

addEventListener(
  'error',
  (event) => {
    // Only what was to be loaded has an element; mistakes while something runs do not.
    if (!(event.target instanceof HTMLScriptElement)) {
      return;
    }
    const show = () => {
      document.getElementById('not-whole').hidden = false;
    };
    if (document.readyState === 'loading') {
      addEventListener('DOMContentLoaded', show);
    } else {
      show();
    }
  },
  // Such an event reaches nobody but the element itself otherwise.
  true,
);
