/** A plate with something on it, drawn from the dish's three colours. */
export default function Plate({ dish, size }) {
  const [first, second, third] = dish.colours;
  const turn = [...dish.slug].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 360;

  return (
    <svg className="plate" width={size} height={size} viewBox="0 0 100 100" aria-hidden="true">
      <circle className="rim" cx="50" cy="50" r="48" />
      <circle className="well" cx="50" cy="50" r="36" />
      <g transform={`rotate(${turn} 50 50)`}>
        <path d="M26 52c0-16 12-26 25-26s24 9 24 23-10 26-25 26-24-9-24-23z" fill={first} />
        <circle cx="42" cy="44" r="9" fill={second} />
        <circle cx="58" cy="56" r="11" fill={second} />
        <path d="M44 66c4-10 10-14 20-16M38 56c8-2 12-8 14-16" fill="none" stroke={third} strokeWidth="4" strokeLinecap="round" />
        <circle cx="62" cy="40" r="4" fill={third} />
      </g>
    </svg>
  );
}
