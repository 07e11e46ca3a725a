// Signing in: the link that `hone up` printed, or name and password where the server is shared.

import { html, useState } from "../vendor/preact.js";
import { refusal, session, signIn } from "../lib/session.js";
import { texts } from "../texts.js";
import { Button } from "../ui/button.js";
import { Field } from "../ui/field.js";
import { Failure } from "../ui/show.js";
import { Mark } from "../ui/shell.js";

export function SignIn() {
  const [fields, setFields] = useState({ name: "", password: "", token: "" });
  const [isBusy, setBusy] = useState(false);
  const isShared = session.value.is_shared;
  const send = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(isShared ? { name: fields.name, password: fields.password } : { token: tokenIn(fields.token) });
    } catch (error) {
      refusal.value = error;
    } finally {
      setBusy(false);
    }
  };
  const field = (name, type, autocomplete, label, hint) => html`<${Field} label=${label} hint=${hint}>
    ${(id, about) => html`<input
      id=${id} type=${type} autocomplete=${autocomplete} required aria-describedby=${about} value=${fields[name]}
      onInput=${(event) => setFields({ ...fields, [name]: event.target.value })}
    />`}
  <//>`;
  return html`<main class="signin" id="main">
    <form class="card" onSubmit=${send}>
      <h1 class="signin-title"><${Mark} />${texts.signin.title}</h1>
      <p class="muted">${isShared ? texts.signin.shared : texts.signin.local}</p>
      ${refusal.value && html`<${Failure} error=${refusal.value} />`}
      ${isShared
        ? html`${field("name", "text", "username", texts.signin.name)}
            ${field("password", "password", "current-password", texts.signin.password)}`
        : field("token", "text", "off", texts.signin.token, texts.signin.tokenHint)}
      <${Button} type="submit" tone="primary" isDisabled=${isBusy}>${texts.signin.send}<//>
    </form>
  </main>`;
}

/** The token itself, or the whole link that holds it. @param {string} typed */
const tokenIn = (typed) => typed.trim().replace(/^.*token=/, "");
