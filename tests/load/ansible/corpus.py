"""Inventories as people write them: the forms of Ansible's own documentation, and where its rules surprise."""

from __future__ import annotations

CORPUS: dict[str, dict[str, str]] = {
    "documentation, INI": {
        "hosts": """\
mail.example.com

[webservers]
foo.example.com
bar.example.com
www[01:50:7].example.com http_port=80 maxRequestsPerChild=808

[dbservers]
one.example.com
db-[a:f].example.com
badwolf.example.com:5309
jumper ansible_port=5555 ansible_host=192.0.2.50

[atlanta]
host1
host2

[raleigh]
host2
host3

[southeast:children]
atlanta
raleigh

[southeast:vars]
some_server=foo.southeast.example.com
halon_system_timeout=30
self_destruct_countdown=60
escape_pods=2

[usa:children]
southeast
northeast

[northeast]

[targets]
localhost              ansible_connection=local
other1.example.com     ansible_connection=ssh        ansible_user=myuser
""",
        "group_vars/raleigh": "---\nntp_server: acme.example.org\ndatabase_server: storage.example.org\n",
        "group_vars/southeast/db_settings": "database_server: first\nonly: db\n",
        "group_vars/southeast/z.yml": "database_server: second\n",
        "group_vars/southeast/sub/deep.yml": "deep: true\n",
        "host_vars/host1.yml": "some_server: its own\n",
    },
    "documentation, YAML": {
        "hosts.yml": """\
ungrouped:
  hosts:
    mail.example.com:
webservers:
  hosts:
    foo.example.com:
    bar.example.com:
    www[01:03].example.com: {http_port: 80}
dbservers:
  hosts:
    one.example.com:
    two.example.com:
  vars:
    ansible_port: 5000
east:
  children:
    webservers:
prod:
  children:
    east:
    dbservers:
all:
  vars: {everywhere: true}
""",
    },
    "a parent that sorts after its child, and a priority": {
        "hosts.ini": """\
[z_parent:children]
a_child
[a_child]
h
[b_child]
h
[z_parent:children]
b_child
[a_child:vars]
v=a
w=a
ansible_group_priority=5
[b_child:vars]
v=b
[z_parent:vars]
v=z
w=z
u=z
""",
    },
    "folders win against every group of the inventory itself": {
        "hosts": "[web]\nh v=line\n[web:vars]\nv=section\nw=section\nx=section\n[all:vars]\nw=all\nx=all\ny=all\n",
        "group_vars/all.yml": "w: all file\nx: all file\n",
        "group_vars/web.yaml": "x: web file\n",
        "host_vars/h.json": '{"v": "host file"}',
    },
    "no suffix before a suffix, and a directory before a file": {
        "hosts": "[g]\nh\n",
        "group_vars/g": "v: no suffix\n",
        "group_vars/g.yml": "v: yml\nw: never read\n",
        "host_vars/h.yml": "x: yml\n",
        "host_vars/h.yaml": "x: yaml\n",
        "host_vars/h/a.yml": "x: directory\n",
        "host_vars/h/.hidden.yml": "x: hidden\n",
        "host_vars/h/old.yml~": "x: old\n",
    },
    "several files, one inventory, in the order of their names": {
        "01-hosts": "[web]\nh v=first\nonly1\n",
        "02-more.ini": "[web]\nh v=second w=2\n[web:vars]\nx=ini\n",
        "03-tree.yml": "all:\n  children:\n    web:\n      hosts: {h: {w: 3}, only3: }\n      vars: {x: yml}\n",
        "readme.md": "[web]\nnot-a-host\n",
    },
    "values of INI lines and sections": {
        "hosts.ini": """\
[g]
h a=1 b=1.5 c=yes d=True e='x y' f="[1, 'two']" g={'k':1} h=None i='"quoted"' j=a#b k=0 # comment
; a comment of another kind
[g:vars]
n = spaced out
o = 'kept together' # and a comment
p = {'deep': {'er': [1, 2, (3,)]}}
q = #nothing
r =
s = a=b=c
t = "é"
""",
    },
    "a diamond of groups, the longest way counts": {
        "hosts.ini": """\
[a:children]
d
b
[b:children]
c
[c:children]
d
[d]
h
[e]
h
[a:vars]
v=a
[c:vars]
v=c
[d:vars]
w=d
[e:vars]
v=e
w=e
""",
    },
    "strings that stand for mappings, and nothing at all": {
        "hosts.yaml": "all:\n  children:\n    web: {hosts: h1}\n    empty:\n    db: {hosts: , vars: }\n"
        "  hosts: {h2: }\n",
    },
}
