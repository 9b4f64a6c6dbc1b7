import { icon } from './icon.js';

export const IconBank = icon('bank', 'M3 10 12 4l9 6v2H3zm2 3h3v5H5zm5.5 0h3v5h-3zM16 13h3v5h-3zM3 19h18v2H3z');
