import { Component, type ReactNode } from 'react';

import { useTranslate } from '../translation';

import { Notice } from './Notice';

interface State {
  error?: Error;
}

/** Shows an error of what it holds; `key` it by what the shopper can change to recover. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  state: State = {};

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  render() {
    const { error } = this.state;

    return error ? <ErrorMessage error={error} /> : this.props.children;
  }
}

function ErrorMessage({ error }: { error: Error }) {
  const t = useTranslate();

  return (
    <Notice error={error}>
      {error.name === 'ChunkLoadError' ? t('chunkError') : t('error', { message: error.message })}
    </Notice>
  );
}
