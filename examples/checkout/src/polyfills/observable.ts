/* https://github.com/tc39/proposal-observable: the symbol that libraries look for. */
if (!('observable' in Symbol)) {
  Object.defineProperty(Symbol, 'observable', { value: Symbol('observable') });
}
