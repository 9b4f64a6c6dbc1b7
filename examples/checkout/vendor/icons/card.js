import { icon } from './icon.js';

export const IconCard = icon('card', 'M2 5h20v14H2zm2 4v2h16V9zm0 6h6v2H4z');
