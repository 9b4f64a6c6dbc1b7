import type { InputHTMLAttributes } from 'react';

export interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
}

export function TextField({ label, ...input }: TextFieldProps) {
  return (
    <label className="field">
      {label}
      <input required {...input} />
    </label>
  );
}
