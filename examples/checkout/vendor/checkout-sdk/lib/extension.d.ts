/** Where an extension may draw. Nothing of this exists at run time. */
export declare const enum ExtensionRegion {
  ShippingAddressBefore = 'shipping.address.before',
  ShippingAddressAfter = 'shipping.address.after',
  PaymentMethodsBefore = 'payment.methods.before',
}

/** What an extension may do, as bits. */
export declare const enum ExtensionRight {
  None = 0,
  Read = 1 << 0,
  Write = 1 << 1,
  Navigate = Write << 1,
  All = Read | Write | Navigate,
}
