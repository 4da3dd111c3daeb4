#!/bin/sh
# The hook of one entry: a child of the daemon, so it has the daemon's sandbox. It tries what must not work
# and prints one `word: answer` a line, which the log has as hook.output.
try() {
    word=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "$word: worked"; else echo "$word: refused"; fi
}
echo "user: $(id -un)"
echo "shadow: $(cat /etc/shadow 2>/dev/null | wc -c)"
echo "ssh-keys: $(ls /etc/ssh 2>/dev/null | wc -l)"
echo "home: $(ls -A /root /home 2>/dev/null | grep -c secret)"
echo "certificate-key: $(head -c 10 /etc/letsencrypt/live/www.example.com/privkey.pem)"
# Files and directories only: a socket counts as writable on a file system that is not.
echo "writable: $(find / \( -path /proc -o -path /dev -o -path /sys \) -prune -o \( -type f -o -type d \) -writable -print 2>/dev/null |
    grep -v '^/var/lib/certrotd' | sort | tr '\n' ' ')"
echo "devices: $(ls /dev | tr '\n' ' ')"
echo "processes: $(ls /proc | grep -c '^1$')"
echo "status: $(grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -s '\t\n' ' ')"
echo "core: $(ulimit -c)"
echo "environment: $(env | cut -d= -f1 | sort | tr '\n' ' ')"
try write-etc sh -c 'echo x >/etc/certrotd/written'
try write-key sh -c 'echo x >>/etc/letsencrypt/live/www.example.com/privkey.pem'
try write-kernel sh -c 'echo x >/proc/sys/kernel/domainname'
try mount mount -t tmpfs none /tmp
try namespace unshare --user true
try set-uid sh -c 'cp /bin/true /tmp/suid && chmod u+s /tmp/suid'
try give-away sh -c 'touch /tmp/mine && chown root /tmp/mine'
exit 0
