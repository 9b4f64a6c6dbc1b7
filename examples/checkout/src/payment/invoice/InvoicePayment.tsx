import { useTranslate } from '../../translation';
import { TextField } from '../fields';
import type { PaymentFormProps } from '../PaymentForm';

export default function InvoicePayment({ method, total }: PaymentFormProps) {
  const t = useTranslate();

  return (
    <div data-method={method.id} data-ready>
      <p>{t('invoiceHint', { total, days: method.days ?? 14 })}</p>
      <TextField label={t('invoiceReference')} name="reference" required={false} />
    </div>
  );
}
