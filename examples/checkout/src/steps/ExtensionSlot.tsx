import { useEffect } from 'react';

import { ExtensionRegion, type ExtensionRight } from '@example/checkout-sdk';

import { report } from '../traps';

/** A place an extension may draw in. */
export function ExtensionSlot({ region, rights }: { region: ExtensionRegion; rights: ExtensionRight }) {
  useEffect(() => {
    report('const-enum', `${region}:${rights}`, 'shipping.address.before:7');
  }, [region, rights]);

  return region === ExtensionRegion.PaymentMethodsBefore ? null : <div data-region={region} />;
}
