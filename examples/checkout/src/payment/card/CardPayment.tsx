import { useEffect } from 'react';

import { IconCard } from '@example/icons';

import { useTranslate } from '../../translation';
import { report } from '../../traps';
import { CardNumberField, Hint, TextField } from '../fields';
import type { PaymentFormProps } from '../PaymentForm';

import badge from './card-badge.png';
import maskFont from './card-mask.woff';
import './CardPayment.scss';

export function CardPayment({ method }: PaymentFormProps) {
  const t = useTranslate();

  useEffect(() => {
    reportFonts();
  }, []);

  return (
    <div data-method={method.id} data-ready>
      <p>
        <IconCard />
        <img
          src={badge}
          alt=""
          width="48"
          height="32"
          onLoad={({ currentTarget }) => report('lazy-image', imageOrigin(currentTarget), 'public path, 48 wide')}
          onError={() => report('lazy-image', 'not loaded', 'public path, 48 wide')}
        />
      </p>
      <Hint method="card" text={t('cardHint')} colour="rgb(27, 58, 107)" />
      <CardNumberField label={t('cardNumber')} invalid={t('cardInvalid')} />
      <TextField label={t('cardExpiry')} name="cardExpiry" pattern="\d\d/\d\d" autoComplete="cc-exp" />
      <TextField label={t('cardCode')} name="cardCode" pattern="\d{3,4}" className="masked" autoComplete="cc-csc" />
    </div>
  );
}

function imageOrigin(image: HTMLImageElement): string {
  const place = image.src.startsWith(__webpack_public_path__) ? 'public path' : image.src;

  return `${place}, ${image.naturalWidth} wide`;
}

/* One font comes through the style sheet's url(), the same one through an import. */
async function reportFonts(): Promise<void> {
  const [inStyle] = await document.fonts.load('16px "Card Mask"', '1').catch(() => []);
  const imported = await new FontFace('Card Mask imported', `url(${maskFont})`).load().catch(() => undefined);

  report('style-font', inStyle?.status, 'loaded');
  report('lazy-font', imported?.status, 'loaded');
}
