export { ErrorBoundary } from './ErrorBoundary';
export { LazyStep } from './LazyStep';
export { Notice } from './Notice';
