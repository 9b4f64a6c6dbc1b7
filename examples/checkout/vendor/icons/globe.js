import { icon } from './icon.js';

export const IconGlobe = icon('globe', 'M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 2.1V8H8.5A12 12 0 0 1 11 4.1zM4.3 10h3.5v4H4.3zm5.4 0h4.6v4H9.7z');
