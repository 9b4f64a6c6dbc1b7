import { IconBank } from '@example/icons';

import { useTranslate } from '../../translation';
import { Hint, IbanField, TextField } from '../fields';
import type { PaymentFormProps } from '../PaymentForm';

import './BankPayment.scss';

export function BankPayment({ method, total }: PaymentFormProps) {
  const t = useTranslate();

  return (
    <div data-method={method.id} data-ready>
      <p>
        <IconBank />
      </p>
      <Hint method="bank" text={t('bankHint', { total, iban: method.iban ?? '' })} colour="rgb(11, 110, 79)" />
      <TextField label={t('bankOwner')} name="owner" />
      <IbanField label={t('bankIban')} invalid={t('bankInvalid')} />
    </div>
  );
}
