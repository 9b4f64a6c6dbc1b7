import { lazy, useEffect, useState } from 'react';

import { createStoreClient, orderTotal, type Checkout, type Draft, type Order } from '@example/checkout-sdk';
import { drawn, IconLock } from '@example/icons';
import * as legacyFormat from '@example/legacy-format';

import { currencyOf, setCurrency } from './money/currency';
import { formatMoney, moneyLabel } from './money/money';
import { report, reportResult } from './traps';
import { TranslationProvider, useTranslate } from './translation';
import { ErrorBoundary, LazyStep } from './ui';

import lock from './ui/lock.svg';
import './styles/checkout.scss';

const ShippingStep = lazy(() =>
  import(/* webpackChunkName: "shipping" */ './steps/ShippingStep').then(({ ShippingStep }) => ({
    default: ShippingStep,
  })),
);
const PaymentStep = lazy(() =>
  import(/* webpackChunkName: "payment" */ './steps/PaymentStep').then(({ PaymentStep }) => ({
    default: PaymentStep,
  })),
);
const Confirmation = lazy(() =>
  import(
    /* webpackChunkName: "confirmation", webpackPrefetch: true */ './order/Confirmation'
  ).then(({ Confirmation }) => ({ default: Confirmation })),
);

/* Evaluated with this module: after renderCheckout has set the public path, not before. */
const publicPathAtEvaluation = __webpack_public_path__;

export interface CheckoutAppProps {
  checkoutId: string;
  locale?: string;
}

export default function CheckoutApp({ checkoutId, locale = 'en' }: CheckoutAppProps) {
  useEffect(() => reportFirstLoad(), []);

  return (
    <ErrorBoundary>
      <TranslationProvider locale={locale}>
        <Steps checkoutId={checkoutId} />
      </TranslationProvider>
    </ErrorBoundary>
  );
}

const store = createStoreClient();

function Steps({ checkoutId }: { checkoutId: string }) {
  const t = useTranslate();
  const [checkout, setCheckout] = useState<Checkout>();
  const [draft, setDraft] = useState<Draft>({ email: '', address: {} });
  const [order, setOrder] = useState<Order>();
  const [problem, setProblem] = useState<unknown>();

  useEffect(() => {
    store.checkout().then((loaded) => {
      setCurrency(loaded.currency);
      report('live-binding', moneyLabel(), `amounts in ${currencyOf(loaded)}`);
      setCheckout(loaded);
    }, setProblem);
  }, [checkoutId]);

  if (problem) {
    throw problem;
  }

  if (!checkout) {
    return null;
  }

  if (order) {
    return (
      <LazyStep name="confirmation">
        <Confirmation order={order} name={draft.address.name} />
      </LazyStep>
    );
  }

  return (
    <>
      <h1>{t('title')}</h1>
      <p className="secure">
        <img src={lock} alt="" width="16" height="16" />
        <IconLock />
        {t('secure')}
      </p>
      <CustomerStep email={draft.email} onDone={(email) => setDraft({ ...draft, email })} />
      {draft.email && (
        <LazyStep name="shipping">
          <ShippingStep
            checkout={checkout}
            store={store}
            done={draft.shippingOption !== undefined}
            onDone={(shipping) => setDraft({ ...draft, ...shipping })}
          />
        </LazyStep>
      )}
      {draft.shippingOption && (
        <LazyStep name="payment">
          <PaymentStep
            store={store}
            total={formatMoney(orderTotal(checkout, draft))}
            onPay={(payment) => store.placeOrder(draft, payment).then(setOrder)}
          />
        </LazyStep>
      )}
      <output className="total" data-total>
        {t('total')} {formatMoney(orderTotal(checkout, draft))}
      </output>
    </>
  );
}

function CustomerStep({ email, onDone }: { email: string; onDone(email: string): void }) {
  const t = useTranslate();
  const [value, setValue] = useState(email);

  return (
    <form
      className="step"
      data-step="customer"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(value);
      }}
    >
      <h2>{t('customer')}</h2>
      <label className="field">
        {t('email')}
        <input
          name="email"
          type="email"
          autoComplete="email"
          required
          disabled={email !== ''}
          value={value}
          onChange={({ target }) => setValue(target.value)}
        />
      </label>
      {!email && <button type="submit">{t('continue')}</button>}
    </form>
  );
}

function reportFirstLoad(): void {
  const { publicPath, nonce } = window.checkoutConfig;

  report('late-require', publicPathAtEvaluation, publicPath);
  report('asset-url', lock.startsWith(publicPath ?? ''), true);
  report('nonce', __webpack_nonce__, nonce);
  report('barrel', drawn.join(), 'lock');
  report('polyfill', typeof (Symbol as unknown as { observable?: symbol }).observable, 'symbol');
  reportResult('umd-this', () => legacyFormat.money(4900, 'EUR'), '49.00 EUR');
  reportResult('global', () => legacyFormat.page() === document, true);
  reportResult('sloppy-this', () => legacyFormat.surroundings === window, true);
  reportResult('sloppy-assignment', () => legacyFormat.remember('en'), 'en');
}
