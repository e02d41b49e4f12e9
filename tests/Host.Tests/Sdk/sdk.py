"""Docker's Python SDK (Debian's python3-docker) against one manager's socket: every call of it that Skep serves, by kind.

    sdk.py SOCKET KIND     runs one kind's calls; prints "ok CALL" for each and ends with 1 at the first wrong answer
"""
import sys
import time

import docker
from docker.errors import APIError, NotFound
from docker.types import (ConfigReference, EndpointSpec, Healthcheck, Mount, NetworkAttachmentConfig, Placement, Resources, RestartPolicy,
                          RollbackConfig, SecretReference, ServiceMode, UpdateConfig)

IMAGE = 'probe:latest'


def ok(call):
    print('ok', call, flush=True)


def step(call, run):
    """A call that may not be served yet: 501 is said and gone on from, all else counts."""
    try:
        result = run()
    except APIError as e:
        if e.status_code != 501:
            raise
        print('missing', call, flush=True)
        return None
    assert result is None or result, f'{call}: {result!r}'
    ok(call)
    return result


def until(what, condition, limit=30):
    end = time.time() + limit
    while True:
        found = condition()
        if found:
            return found
        if time.time() > end:
            raise AssertionError(f'waited {limit} s for {what}')
        time.sleep(0.1)


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except APIError as e:
        assert e.status_code == status, f'wanted {status}, got {e}'
        return e
    raise AssertionError(f'{call} was not refused')


def system(c):
    assert c.ping() is True; ok('ping')
    assert c.version()['ApiVersion'] >= '1.41'; ok('version')
    assert c.info()['Swarm']['LocalNodeState'] == 'active'; ok('info')
    assert 'Images' in c.df(); ok('df')
    events = c.events(decode=True, since=int(time.time()) - 1)
    made = c.configs.create(name='sdk-event', data=b'x')
    assert next(e for e in events if e['Type'] == 'config' and e['Action'] == 'create')['Actor']['Attributes']['name'] == 'sdk-event'; ok('events')
    events.close()
    made.remove()


def swarm(c):
    s = c.swarm
    s.reload(); ok('swarm.reload')
    assert s.version > 0 and s.attrs['JoinTokens']['Worker'].startswith('SWMTKN-1-'); ok('swarm.attrs')
    worker = s.attrs['JoinTokens']['Worker']
    spec = dict(s.attrs['Spec'])
    assert s.update(task_history_retention_limit=7); ok('swarm.update')
    s.reload()
    assert s.attrs['Spec']['Orchestration']['TaskHistoryRetentionLimit'] == 7
    s.update(rotate_worker_token=True)
    s.reload()
    assert s.attrs['JoinTokens']['Worker'] != worker; ok('swarm.update rotate_worker_token')
    s.update(task_history_retention_limit=spec['Orchestration']['TaskHistoryRetentionLimit'])
    assert 'UnlockKey' in s.get_unlock_key(); ok('swarm.get_unlock_key')
    refused(503, s.init, advertise_addr='127.0.0.1'); ok('swarm.init (already in one)')
    refused(503, s.join, remote_addrs=['127.0.0.1:2377'], join_token=worker); ok('swarm.join (already in one)')
    refused(503, s.leave); ok('swarm.leave (manager, no force)')
    assert c.api.create_swarm_spec(snapshot_interval=5000)['Raft']['SnapshotInterval'] == 5000; ok('api.create_swarm_spec')


def nodes(c):
    all_nodes = c.nodes.list(); ok('nodes.list')
    assert len(c.nodes.list(filters={'role': 'manager'})) == len([n for n in all_nodes if n.attrs['Spec']['Role'] == 'manager']); ok('nodes.list filters')
    node = c.nodes.get(all_nodes[0].id); ok('nodes.get')
    spec = dict(node.attrs['Spec'])
    assert node.update({**spec, 'Labels': {'sdk': 'yes'}}); ok('node.update')
    node.reload()
    assert node.attrs['Spec']['Labels'] == {'sdk': 'yes'}; ok('node.reload')
    stale = node.version
    node.update(spec)
    refused(500, c.api.update_node, node.id, stale, spec); ok('api.update_node (out of sequence)')
    refused(400, next(n for n in all_nodes if n.attrs['Spec']['Role'] == 'manager').remove); ok('node.remove (refused)')
    try:
        c.nodes.get('nosuchnode')
        raise AssertionError('found a node that is not')
    except NotFound:
        ok('nodes.get (not found)')


def secrets(c):
    s = c.secrets.create(name='sdk-secret', data=b'hush', labels={'a': 'b'}); ok('secrets.create')
    assert c.secrets.get(s.id).name == 'sdk-secret'; ok('secrets.get')
    assert [x.id for x in c.secrets.list(filters={'name': 'sdk-secret'})] == [s.id]; ok('secrets.list')
    refused(409, c.secrets.create, name='sdk-secret', data=b'x'); ok('secrets.create (taken)')
    s.reload()
    assert s.attrs['Spec']['Labels'] == {'a': 'b'} and 'Data' not in s.attrs['Spec']; ok('secret.reload')
    s.remove(); ok('secret.remove')


def configs(c):
    s = c.configs.create(name='sdk-config', data=b'said', labels={'a': 'b'}); ok('configs.create')
    assert c.configs.get(s.id).attrs['Spec']['Data'] == 'c2FpZA=='; ok('configs.get')
    assert [x.id for x in c.configs.list(filters={'name': 'sdk-config'})] == [s.id]; ok('configs.list')
    templated = c.configs.create(name='sdk-config-t', data=b'{{.Node.ID}}', templating={'name': 'golang'})
    templated.remove(); ok('configs.create templating')
    s.remove(); ok('config.remove')


def networks(c):
    ipam = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet='10.66.0.0/24', gateway='10.66.0.1')])
    n = c.networks.create('sdk-net', driver='overlay', attachable=True, labels={'a': 'b'}, ipam=ipam); ok('networks.create')
    assert c.networks.get(n.id).attrs['IPAM']['Config'][0]['Subnet'] == '10.66.0.0/24'; ok('networks.get')
    assert c.networks.get('sdk-net', verbose=True, scope='swarm').attrs['Attachable']; ok('networks.get verbose scope')
    assert [x.id for x in c.networks.list(names=['sdk-net'])] == [n.id]; ok('networks.list names')
    assert n.id in [x.id for x in c.networks.list(filters={'driver': 'overlay'})]; ok('networks.list filters')
    assert n.containers == []; ok('network.containers')
    n.remove(); ok('network.remove')
    c.networks.prune(filters={'label': 'nothing-has-this'}); ok('networks.prune')


def services(c):
    net = c.networks.create('sdk-svc', driver='overlay')
    secret = c.secrets.create(name='sdk-svc-secret', data=b'hush')
    config = c.configs.create(name='sdk-svc-config', data=b'said')
    s = c.services.create(
        IMAGE, name='sdk-web', labels={'a': 'b'}, container_labels={'c': 'd'}, env=['A=1'], hostname='h', init=True, user='0', workdir='/',
        networks=[NetworkAttachmentConfig(net.id, aliases=['other'])], mounts=[Mount('/scratch', None, type='tmpfs'), Mount('/data', 'sdk-vol')],
        secrets=[SecretReference(secret.id, 'sdk-svc-secret')], configs=[ConfigReference(config.id, 'sdk-svc-config', '/etc/said')],
        endpoint_spec=EndpointSpec(ports={8199: 80}), mode=ServiceMode('replicated', 2), resources=Resources(mem_limit=64 << 20, cpu_reservation=1000000),
        restart_policy=RestartPolicy('any', delay=500000000), update_config=UpdateConfig(parallelism=0, order='start-first'),
        stop_grace_period=1000000000, constraints=['node.role == manager'],
        preferences=[('spread', 'node.labels.rack')], maxreplicas=3, platforms=[('x86_64', 'linux')], healthcheck=Healthcheck(test=['NONE']),
        dns_config=docker.types.DNSConfig(nameservers=['192.0.2.1']), cap_add=['CAP_NET_ADMIN'])
    ok('services.create')
    assert c.services.get('sdk-web').id == s.id and c.services.get(s.id, insert_defaults=True).name == 'sdk-web'; ok('services.get')
    assert [x.id for x in c.services.list(filters={'name': 'sdk-web'})] == [s.id]; ok('services.list')

    def running():
        return [t for t in s.tasks(filters={'desired-state': 'running'}) if t['Status']['State'] == 'running']

    until('2 tasks', lambda: len(running()) == 2); ok('service.tasks')
    assert c.api.inspect_task(running()[0]['ID'])['ServiceID'] == s.id; ok('api.inspect_task')
    assert [t['ID'] for t in c.api.tasks(filters={'id': running()[0]['ID']})] == [running()[0]['ID']]; ok('api.tasks')
    s.reload()
    assert s.scale(3); until('3 tasks', lambda: len(running()) == 3); ok('service.scale')
    s.reload()
    before = {t['ID'] for t in running()}
    assert s.force_update(); until('new tasks', lambda: len(running()) == 3 and not before & {t['ID'] for t in running()}); ok('service.force_update')
    s.reload()
    s.update(env=['A=2'], fetch_current_spec=True); ok('service.update')
    until('the new environment', lambda: len(running()) == 3 and all('A=2' in t['Spec']['ContainerSpec']['Env'] for t in running()))
    s.reload()
    spec = s.attrs['Spec']['TaskTemplate']['ContainerSpec']
    assert spec['Mounts'] and spec['Secrets'] and spec['Configs'] and spec['Init'] and s.attrs['Spec']['Labels'] == {'a': 'b'}; ok('service.update keeps the rest')
    refused(500, c.api.update_service, s.id, 1, task_template=s.attrs['Spec']['TaskTemplate'], name='sdk-web'); ok('api.update_service (out of sequence)')
    s.remove(); ok('service.remove')

    said = c.services.create(IMAGE, command=['/bin/sh'], args=['-c', 'echo hello from the task; sleep 60'], name='sdk-says', stop_grace_period=1000000000)
    until('its log', lambda: b'hello from the task' in b''.join(said.logs(stdout=True, stderr=True, tail=10))); ok('service.logs')
    stream = said.logs(stdout=True, follow=True, timestamps=True)
    assert b'hello from the task' in next(iter(stream)); ok('service.logs follow')
    said.remove()

    everywhere = c.services.create(IMAGE, name='sdk-global', mode='global', stop_grace_period=1000000000)
    assert 'Global' in everywhere.attrs['Spec']['Mode']; ok('services.create global')
    everywhere.remove()
    bare = c.api.create_service(docker.types.TaskTemplate(docker.types.ContainerSpec(IMAGE)), name='sdk-bare', mode=ServiceMode('replicated', 0), rollback_config=RollbackConfig(parallelism=0))
    assert c.api.inspect_service(bare['ID'])['Spec']['RollbackConfig']['Order'] == 'stop-first'; ok('api.create_service rollback_config')
    c.api.remove_service(bare['ID'])
    job = c.services.create(IMAGE, command=['/bin/sh'], args=['-c', 'true'], name='sdk-job', mode={'ReplicatedJob': {'MaxConcurrent': 1, 'TotalCompletions': 2}}, restart_policy=RestartPolicy('none'))
    until('the job', lambda: len([t for t in job.tasks() if t['Status']['State'] == 'complete']) == 2); ok('services.create replicated-job')
    job.remove()
    for what in (secret, config, net):
        until(f'a {type(what).__name__} to be free', lambda w=what: removed(w))


def removed(what):
    try:
        what.remove()
        return True
    except NotFound:
        return True
    except APIError:
        return False


def volumes(c):
    v = c.volumes.create('sdk-volume', driver='local', labels={'a': 'b'}); ok('volumes.create')
    assert c.volumes.get('sdk-volume').name == v.name; ok('volumes.get')
    assert [x.name for x in c.volumes.list(filters={'name': 'sdk-volume'})] == ['sdk-volume']; ok('volumes.list')
    v.remove(force=True); ok('volume.remove')
    step('volumes.prune', lambda: c.volumes.prune(filters={'label': 'nothing-has-this'}))


def images(c):
    assert any(IMAGE in i.tags for i in c.images.list()); ok('images.list')
    image = c.images.get(IMAGE); ok('images.get')
    assert image.short_id and image.labels is not None
    step('image.history', image.history)
    assert image.tag('sdk/tagged', 'one'); ok('image.tag')
    saved = step('image.save', lambda: b''.join(image.save()))
    if saved:
        step('images.load', lambda: c.images.load(saved))
    c.images.remove('sdk/tagged:one'); ok('images.remove')
    step('images.prune', lambda: c.images.prune(filters={'label': 'nothing-has-this'}))
    step('images.search', lambda: c.images.search('probe'))
    refused(404, c.images.get, 'no/such:image'); ok('images.get (not found)')


def containers(c):
    assert [x for x in c.containers.list(all=True)] is not None; ok('containers.list')
    step('containers.prune', lambda: c.containers.prune(filters={'label': 'nothing-has-this'}))
    for x in c.containers.list(all=True, filters={'name': 'sdk-box'}):
        x.remove(force=True)
    x = step('containers.create', lambda: c.containers.create(
        IMAGE, ['/bin/sh', '-c', 'echo begun; exec sleep 300'], name='sdk-box', labels={'a': 'b'}, environment={'A': '1'}))
    if x is None:
        return
    try:
        x.start(); ok('container.start')
        until('the container', lambda: c.containers.get('sdk-box').status == 'running'); ok('containers.get')
        assert [y.id for y in c.containers.list(filters={'name': 'sdk-box'})] == [x.id]; ok('containers.list filters')
        until('its log', lambda: b'begun' in x.logs()); ok('container.logs')
        ran = step('container.exec_run', lambda: x.exec_run(['/bin/sh', '-c', 'echo inside']))
        assert ran is None or (ran.exit_code, ran.output) == (0, b'inside\n'), ran
        step('container.top', x.top)
        step('container.stats', lambda: x.stats(stream=False)['memory_stats'])
        step('container.rename', lambda: x.rename('sdk-box-2'))
        archive = step('container.get_archive', lambda: b''.join(x.get_archive('/usr/bin/probe')[0]))
        if archive:
            step('container.put_archive', lambda: x.put_archive('/data', archive))
        step('container.diff', x.diff)
        step('container.pause', x.pause)
        step('container.unpause', x.unpause)
        step('container.update', lambda: x.update(mem_limit='64m', memswap_limit='128m'))
        step('container.export', lambda: b''.join(x.export()))
        step('container.restart', lambda: x.restart(timeout=1))
        step('container.kill', x.kill)
        step('container.wait', lambda: x.wait()['StatusCode'] == 137)
        x.start(); step('container.stop', lambda: x.stop(timeout=1))
        said = step('containers.run', lambda: c.containers.run(IMAGE, ['/bin/sh', '-c', 'echo said'], remove=True))
        assert said in (None, b'said\n'), said
    finally:
        x.remove(force=True); ok('container.remove')


def clear(c):
    """What an earlier run that failed left behind."""
    for kind in (c.services, c.secrets, c.configs):
        for x in kind.list(filters={'name': 'sdk-'}):
            x.remove()
    for n in c.networks.list(filters={'name': 'sdk-'}):
        until(f'network {n.name} to be free', lambda n=n: removed(n))


if __name__ == '__main__':
    socket, kind = sys.argv[1:3]
    client = docker.DockerClient(base_url=f'unix://{socket}', version='auto', timeout=30)
    clear(client)
    globals()[kind](client)
