//! Assertions for the page's tests.

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

export function assertEqual(actual, expected, message = 'not equal') {
  const [a, b] = [stable(actual), stable(expected)];
  if (a !== b) throw new Error(`${message}: ${a} instead of ${b}`);
}

export function assertThrows(work, kind, message) {
  try {
    work();
  } catch (problem) {
    if (problem instanceof kind) return;
    throw problem;
  }
  throw new Error(`${message}: nothing was thrown`);
}

/** Resolves when `condition()` holds; looks again after every event of the page and every 20 ms. */
export async function until(condition, message, atMost = 10_000) {
  const end = performance.now() + atMost;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not in time: ${message}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** JSON with the keys of objects in order. */
function stable(value) {
  return JSON.stringify(value, (_, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.keys(item).sort().map((key) => [key, item[key]]))
      : item,
  );
}
