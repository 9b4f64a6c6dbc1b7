import { icon } from './icon.js';

export const IconWallet = icon('wallet', 'M3 6h16v3h2v10H3zm2 2v9h14v-2h-5v-4h5V8zm11 5v2h3v-2z');
