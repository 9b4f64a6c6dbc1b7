import { Suspense, type ReactNode } from 'react';

import { ErrorBoundary } from './ErrorBoundary';

/** A part of the page that comes in a chunk of its own. */
export function LazyStep({ name, children }: { name: string; children: ReactNode }) {
  return (
    <ErrorBoundary>
      <Suspense fallback={<div className="step step--loading" data-loading={name} />}>{children}</Suspense>
    </ErrorBoundary>
  );
}
