import { element } from './elements';
import { translate } from './translate';

/** Says in the page what went wrong; the error's name is there for tests and monitoring. */
export function showProblem(container: HTMLElement, problem: unknown): void {
  const error = problem instanceof Error ? problem : new Error(String(problem));
  const text =
    error.name === 'ChunkLoadError'
      ? translate('chunkError')
      : translate('error', { message: error.message });

  container.querySelector('[role=alert]')?.remove();
  container.append(element('p', { role: 'alert', 'data-error': error.name, title: error.message }, text));
}
