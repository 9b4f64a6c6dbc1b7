import { icon } from './icon.js';

export const IconTruck = icon('truck', 'M2 6h12v10H2zm13 3h4l3 4v3h-7zM6 15a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zm11 0a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z');
