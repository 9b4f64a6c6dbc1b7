import type { ReactNode } from 'react';

/** The error's name is in the page for tests and monitoring. */
export function Notice({ error, children }: { error: Error; children: ReactNode }) {
  return (
    <p role="alert" data-error={error.name} title={error.message}>
      {children}
    </p>
  );
}
