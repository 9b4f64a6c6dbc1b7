export declare const patterns: Record<string, RegExp>;
export default function brandOf(cardNumber: string): string;
