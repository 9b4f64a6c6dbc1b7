export declare function money(amount: number, currency: string): string;
export declare const surroundings: unknown;
export declare function page(): Document;
export declare function remember(locale: string): string;
