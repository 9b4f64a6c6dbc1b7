import type { JSX } from 'react';

export declare const IconBank: () => JSX.Element;
export declare const IconCard: () => JSX.Element;
export declare const IconGlobe: () => JSX.Element;
export declare const IconLock: () => JSX.Element;
export declare const IconReceipt: () => JSX.Element;
export declare const IconTruck: () => JSX.Element;
export declare const IconWallet: () => JSX.Element;
export declare const drawn: string[];
