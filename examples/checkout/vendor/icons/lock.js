import { icon } from './icon.js';

export const IconLock = icon('lock', 'M7 10V8a5 5 0 0 1 10 0v2h2v11H5V10zm2 0h6V8a3 3 0 0 0-6 0z');
