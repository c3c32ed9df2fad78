#!/bin/sh
# Starts nginx the way the official image does: settles the configuration, then becomes nginx.
#   /etc/nginx/templates   *.template files, whose ${VARIABLES} are filled in into conf.d
set -eu
conf=/etc/nginx/conf.d
default=$conf/default.conf

say() {
    [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

# A configuration that somebody mounted is theirs; only the one of the image is adapted.
if cmp -s "$default" /usr/share/nginx/default.conf && [ -w "$default" ]; then
    [ -f /proc/net/if_inet6 ] || sed -i '/listen \[::\]/d' "$default"
fi

if [ -d /etc/nginx/templates ]; then
    names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
    for template in /etc/nginx/templates/*.template; do
        [ -e "$template" ] || continue
        output=$conf/$(basename "$template" .template)
        say "Running envsubst on $template to $output"
        envsubst "$names" < "$template" > "$output"
    done
fi

for script in /docker-entrypoint.d/*.sh; do
    if [ -x "$script" ]; then
        say "Launching $script"
        "$script"
    fi
done

say "Configuration complete; ready for start up"
exec "$@"
