// Roles at places: shown in words, or chosen in a grid of roles by places.
import { say, texts } from "../i18n";
import { ropewayNamed, site } from "../site";
import type { Grant, RoleWord } from "../wire";

export const ROLES: RoleWord[] = [
  "viewer",
  "operator",
  "shift_lead",
  "maintenance",
  "safety_officer",
  "duty_leader",
  "administrator",
];

export const placeName = (place: string): string =>
  place === "site" ? texts().session.wholeSite : say(ropewayNamed(place)?.name) || place;

export function Roles({ grants }: { grants: Grant[] }) {
  const t = texts();
  if (grants.length === 0) return <span class="lacking">{t.people.noRole}</span>;
  const words = ROLES.filter((role) => grants.some((one) => one.role === role)).map((role) => {
    const places = grants.filter((one) => one.role === role).map((one) => placeName(one.ropeway));
    return t.people.roleWords[role] + t.aside(places.join(t.comma));
  });
  return <span>{words.join(t.semicolon)}</span>;
}

const places = (): string[] => ["site", ...(site.value?.ropeways.map((way) => way.id) ?? [])];

type Props = { grants: Grant[]; roles: readonly RoleWord[] };

/** A grid of check boxes; read it with `grantsOf`. */
export function RoleGrid({ grants, roles }: Props) {
  const t = texts().people;
  const has = (role: RoleWord, ropeway: string) =>
    grants.some((one) => one.role === role && one.ropeway === ropeway);
  return (
    <div class="scroll">
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">{t.roles}</th>
            {places().map((place) => (
              <th scope="col" key={place}>
                {placeName(place)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {roles.map((role) => (
            <tr key={role}>
              <th scope="row">{t.roleWords[role]}</th>
              {places().map((place) => (
                <td key={place}>
                  <input
                    type="checkbox"
                    name="grant"
                    value={`${role} ${place}`}
                    defaultChecked={has(role, place)}
                    aria-label={t.roleAt(t.roleWords[role], placeName(place))}
                    data-testid={`grant-${role}-${place}`}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export const grantsOf = (answers: FormData): Grant[] =>
  answers.getAll("grant").map((one) => {
    const [role = "", ropeway = ""] = String(one).split(" ");
    return { role: role as RoleWord, ropeway };
  });

