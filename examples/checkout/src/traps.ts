interface Trap {
  ok: boolean;
  got: unknown;
  want: unknown;
}

declare global {
  interface Window {
    __traps?: Record<string, Trap>;
  }
}

/**
 * Writes what the page sees of something a bundler can get wrong where the
 * demo's check reads it (traps.json lists them all). A trap that was wrong
 * once stays wrong.
 */
export function report(name: string, got: unknown, want: unknown): void {
  const traps = (window.__traps ??= {});

  if (traps[name]?.ok !== false) {
    traps[name] = { ok: got === want, got: printable(got), want: printable(want) };
  }
}

/** Reports what `probe` returns, or the error that it throws. */
export function reportResult(name: string, probe: () => unknown, want: unknown): void {
  let got: unknown;

  try {
    got = probe();
  } catch (problem) {
    got = String(problem);
  }

  report(name, got, want);
}

function printable(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : value;
}
