import { useState } from "react";

export function Page() {
  const [clicks, setClicks] = useState(0);
  return (
    <>
      <h1>Before the edit</h1>
      <button data-clicks={clicks} onClick={() => setClicks(clicks + 1)}>
        Count
      </button>
    </>
  );
}
