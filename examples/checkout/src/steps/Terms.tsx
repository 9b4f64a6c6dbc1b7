import { useTranslate } from '../translation';

import './Terms.scss';

export function Terms() {
  const t = useTranslate();

  return (
    <p className="terms" data-terms>
      {t('terms')}
    </p>
  );
}
