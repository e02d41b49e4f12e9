"""Docker's Python SDK (Debian's python3-docker) against one manager's socket: every call of it, by kind.

    sdk.py SOCKET KIND [MORE...]     runs one kind's calls; prints "used CALL" for each public method of the kind's classes that was used, and "absent CALL: why"
                                     for those Skep does not serve; ends with 1 at the first wrong answer, at a method nobody used, at an absent one that is served
"""
import functools
import inspect
import io
import subprocess
import sys
import tarfile
import time

import docker
from docker.api import build, config, container, daemon, exec_api, image, network, secret, service, volume
from docker.api import swarm as swarm_api
from docker.errors import APIError, NotFound
from docker.models import configs as m_configs, containers as m_containers, images as m_images, networks as m_networks, nodes as m_nodes
from docker.models import secrets as m_secrets, services as m_services, swarm as m_swarm, volumes as m_volumes
from docker.types import (ConfigReference, EndpointSpec, Healthcheck, Mount, NetworkAttachmentConfig, Placement, Resources, RestartPolicy,
                          RollbackConfig, SecretReference, ServiceMode, UpdateConfig)

IMAGE = 'probe:latest'
# Whose public methods a kind has to use, all of them.
CLASSES = {
    'system': [daemon.DaemonApiMixin],
    'outsider': [swarm_api.SwarmApiMixin, m_swarm.Swarm],
    'swarm': [],
    'nodes': [m_nodes.Node, m_nodes.NodeCollection],
    'secrets': [secret.SecretApiMixin, m_secrets.Secret, m_secrets.SecretCollection],
    'configs': [config.ConfigApiMixin, m_configs.Config, m_configs.ConfigCollection],
    'networks': [network.NetworkApiMixin, m_networks.Network, m_networks.NetworkCollection],
    'services': [service.ServiceApiMixin, m_services.Service, m_services.ServiceCollection],
    'volumes': [volume.VolumeApiMixin, m_volumes.Volume, m_volumes.VolumeCollection],
    'images': [image.ImageApiMixin, build.BuildApiMixin, m_images.Image, m_images.ImageCollection, m_images.RegistryData],
    'containers': [container.ContainerApiMixin, exec_api.ExecApiMixin, m_containers.Container, m_containers.ContainerCollection],
}
NOT_SERVED = {
    'commit': 'images are built, not taken from containers',
    'search': 'the search of a registry is not part of an orchestrator',
    'build': 'images are built elsewhere, and loaded or pushed',
    'import_image_from_url': 'the daemon fetches nothing but from registries',
}
used, absent, raised = set(), set(), []


def watch(cls):
    def recorded(name, method):
        @functools.wraps(method)
        def call(*args, **kwargs):
            try:
                result = method(*args, **kwargs)
            except APIError:
                raised.append(name)
                raise
            used.add(name)
            return result
        return call

    names = [n for n, f in vars(cls).items() if not n.startswith('_') and inspect.isfunction(f)]
    for n in names:
        setattr(cls, n, recorded(f'{cls.__name__}.{n}', vars(cls)[n]))
    return [f'{cls.__name__}.{n}' for n in names]


def ok(call):
    print('ok', call, flush=True)


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
    """A call whose right answer is an error."""
    raised.clear()
    try:
        call(*args, **kwargs)
    except APIError as e:
        assert e.status_code == status, f'wanted {status}, got {e}'
        (absent if status == 501 else used).update(raised)
        return e
    raise AssertionError(f'{call} was not refused')


def system(c):
    assert c.ping() is True; ok('ping')
    assert c.version()['ApiVersion'] >= '1.41'; ok('version')
    assert c.info()['Swarm']['LocalNodeState'] == 'active'; ok('info')
    assert 'Images' in c.df(); ok('df')
    events = c.events(decode=True, since=int(time.time()) - 1)
    made = c.configs.create(name='sdk-event', data=b'x')
    # Others make configs of this cluster too.
    assert next(e for e in events if e['Type'] == 'config' and e['Actor']['Attributes'].get('name') == 'sdk-event')['Action'] == 'create'; ok('events')
    events.close()
    made.remove()
    refused(503, c.login, 'somebody', 'password', registry='127.0.0.1:1'); ok('login (no registry there)')


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
    box = c.containers.run(IMAGE, ['/bin/sh', '-c', 'exec sleep 300'], name='sdk-net-box', detach=True)
    try:
        n.connect(box, aliases=['boxed']); ok('network.connect')
        until('the container on the network', lambda: 'sdk-net' in c.containers.get(box.id).attrs['NetworkSettings']['Networks'])
        n.reload()
        n.disconnect(box); ok('network.disconnect')
        until('the container off the network', lambda: 'sdk-net' not in c.containers.get(box.id).attrs['NetworkSettings']['Networks'])
    finally:
        box.remove(force=True)
    until('the network to be free', lambda: removed(n)); ok('network.remove')
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
    assert 'VolumesDeleted' in c.volumes.prune(filters={'label': 'nothing-has-this'}); ok('volumes.prune')


def images(c, registry):
    """registry: one that the engine reaches, empty."""
    assert any(IMAGE in i.tags for i in c.images.list()); ok('images.list')
    image = c.images.get(IMAGE); ok('images.get')
    assert image.short_id and image.labels is not None
    assert image.history()[-1]['Size'] > 0; ok('image.history')
    there = f'{registry}/sdk/tagged'
    assert image.tag(there, 'one'); ok('image.tag')
    said = c.images.push(there, 'one'); ok('images.push')
    assert 'digest: sha256:' in said and 'errorDetail' not in said, said
    found = c.images.get_registry_data(f'{there}:one'); ok('images.get_registry_data')
    assert found.id.startswith('sha256:') and found.has_platform('linux/amd64')
    found.reload(); ok('registry_data.reload')
    c.images.remove(f'{there}:one'); ok('images.remove')
    assert c.images.pull(there, 'one').id == image.id; ok('images.pull')
    c.images.remove(f'{there}:one')
    assert found.pull().id == image.id; ok('registry_data.pull')
    c.images.remove(f'{there}@{found.id}')
    assert any('status' in line for line in c.api.pull(there, 'one', stream=True, decode=True)); ok('api.pull stream')
    c.images.remove(f'{there}:one')
    refused(404, c.images.pull, f'{registry}/sdk/nothing', 'one'); ok('images.pull (not found)')
    assert 'rror' not in c.api.import_image_from_image(f'{there}:one'); ok('api.import_image_from_image')
    c.images.remove(f'{there}:one')

    image.tag('sdk/saved', 'one')
    saved = b''.join(c.images.get('sdk/saved:one').save(named='sdk/saved:one')); ok('image.save')
    c.images.remove('sdk/saved:one')
    assert 'sdk/saved:one' in c.images.load(saved)[0].tags; ok('images.load')
    c.images.remove('sdk/saved:one', force=True)

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode='w') as packed:
        member = tarfile.TarInfo('hello')
        member.size = 5
        packed.addfile(member, io.BytesIO(b'hello'))
    file = '/tmp/sdk-import.tar'
    with open(file, 'wb') as f:
        f.write(tar.getvalue())
    for tag, run in {
        'data': lambda tag: c.api.import_image_from_data(tar.getvalue(), repository='sdk/imported', tag=tag, changes=['ENV A=1']),
        'file': lambda tag: c.api.import_image_from_file(file, repository='sdk/imported', tag=tag),
        'stream': lambda tag: c.api.import_image_from_stream((part for part in [tar.getvalue()]), repository='sdk/imported', tag=tag),
        'any': lambda tag: c.api.import_image(tar.getvalue(), repository='sdk/imported', tag=tag),
    }.items():
        assert 'sha256:' in run(tag), tag
        assert f'sdk/imported:{tag}' in c.images.get(f'sdk/imported:{tag}').tags; ok(f'api.import_image {tag}')
        c.images.remove(f'sdk/imported:{tag}')
    refused(501, c.api.import_image_from_url, 'http://192.0.2.1/x.tar', repository='sdk/imported', tag='url')
    assert 'ImagesDeleted' in c.images.prune(filters={'label': 'nothing-has-this'}); ok('images.prune')
    c.images.prune_builds(); ok('images.prune_builds')
    refused(501, c.images.search, 'probe')
    refused(501, c.images.build, fileobj=io.BytesIO(b'FROM scratch'))
    used.discard('BuildApiMixin.build')  # It hands over its answer unread.
    absent.add('BuildApiMixin.build')
    refused(404, c.images.get, 'no/such:image'); ok('images.get (not found)')


def containers(c):
    assert [x for x in c.containers.list(all=True)] is not None; ok('containers.list')
    assert not c.containers.prune(filters={'label': 'nothing-has-this'})['ContainersDeleted']; ok('containers.prune')
    for x in c.containers.list(all=True, filters={'name': 'sdk-box'}):
        x.remove(force=True)
    x = c.containers.create(IMAGE, ['/bin/sh', '-c', 'echo begun; cat; exec sleep 300'], name='sdk-box', labels={'a': 'b'}, environment={'A': '1'}, stdin_open=True, tty=False, ports={'80/tcp': None}); ok('containers.create')
    try:
        x.start(); ok('container.start')
        until('the container', lambda: c.containers.get('sdk-box').status == 'running'); ok('containers.get')
        assert [y.id for y in c.containers.list(filters={'name': 'sdk-box'})] == [x.id]; ok('containers.list filters')
        until('its log', lambda: b'begun' in x.logs()); ok('container.logs')
        assert int(until('its port', lambda: c.api.port(x.id, 80))[0]['HostPort']) > 0; ok('api.port')
        # Only what comes later: this SDK loses what arrives in one piece with the answer's head.
        live = x.attach(stream=True)
        line = x.attach_socket(params={'stdin': 1, 'stream': 1}); ok('container.attach_socket')
        line._sock.sendall(b'typed\n')
        assert next(live) == b'typed\n'; ok('container.attach')
        line._sock.close()
        ran = x.exec_run(['/bin/sh', '-c', 'echo inside'])
        assert (ran.exit_code, ran.output) == (0, b'inside\n'), ran; ok('container.exec_run')
        e = c.api.exec_create(x.id, ['/bin/sh', '-c', 'exec sleep 60'], tty=True)['Id']
        c.api.exec_start(e, detach=True, tty=True)
        until('the exec', lambda: c.api.exec_inspect(e)['Running'])
        c.api.exec_resize(e, 30, 100); ok('api.exec_resize')
        assert x.top()['Processes']; ok('container.top')
        assert x.stats(stream=False)['memory_stats']['usage'] > 0; ok('container.stats')
        assert next(x.stats(stream=True, decode=True))['id'] == x.id; ok('container.stats stream')
        x.rename('sdk-box-2'); ok('container.rename')
        archive = b''.join(x.get_archive('/usr/bin/probe')[0]); ok('container.get_archive')
        assert x.put_archive('/data', archive); ok('container.put_archive')
        assert any(d['Path'] == '/data/probe' for d in x.diff()); ok('container.diff')
        x.pause()
        until('the pause', lambda: c.containers.get(x.id).status == 'paused'); ok('container.pause')
        x.unpause(); ok('container.unpause')
        x.update(mem_limit='64m', memswap_limit='128m'); ok('container.update')
        assert c.containers.get(x.id).attrs['HostConfig']['Memory'] == 64 << 20
        assert len(b''.join(x.export())) > 1 << 20; ok('container.export')
        x.restart(timeout=1); ok('container.restart')
        refused(501, x.commit, 'sdk/committed')
        x.kill(); ok('container.kill')
        assert x.wait()['StatusCode'] == 137; ok('container.wait')
        x.start()
        x.stop(timeout=1); ok('container.stop')
    finally:
        x.remove(force=True); ok('container.remove')
    assert c.containers.run(IMAGE, ['/bin/sh', '-c', 'echo said'], remove=True) == b'said\n'; ok('containers.run')
    with_terminal = c.containers.run(IMAGE, ['/bin/sh', '-c', 'exec sleep 300'], tty=True, detach=True, name='sdk-box-3')
    try:
        with_terminal.resize(40, 120); ok('container.resize')
    finally:
        with_terminal.remove(force=True)
    net = c.networks.create('sdk-box-net', driver='overlay', attachable=True)
    low = c.api.create_container(
        IMAGE, ['/bin/sh', '-c', 'exit 3'], name='sdk-box-4', host_config=c.api.create_host_config(mem_limit='32m', read_only=True),
        networking_config=c.api.create_networking_config({'sdk-box-net': c.api.create_endpoint_config(aliases=['low'])})); ok('api.create_container')
    try:
        c.api.start(low['Id'])
        assert c.api.wait(low['Id'])['StatusCode'] == 3
        assert c.api.create_container_config(IMAGE, 'sh')['Image'] == IMAGE
    finally:
        c.api.remove_container(low['Id'], force=True)
    until('the network to be free', lambda: removed(net))


def outsider(c, socket, address, manager, script):
    """A machine that belongs to no swarm: founds one that is locked, unlocks it after a restart, leaves, joins c's, leaves, and is removed there."""
    o = docker.DockerClient(base_url=f'unix://{socket}', version='auto', timeout=30)
    try:
        node = o.swarm.init(advertise_addr=address, autolock_managers=True, task_history_retention_limit=3); ok('swarm.init')
        assert o.swarm.attrs['Spec']['Orchestration']['TaskHistoryRetentionLimit'] == 3 and o.info()['Swarm']['NodeID'] == node
        key = o.swarm.get_unlock_key()['UnlockKey']; ok('swarm.get_unlock_key')
        o.swarm.update(rotate_manager_unlock_key=True); ok('swarm.update rotate_manager_unlock_key')
        key = o.swarm.get_unlock_key()['UnlockKey']
        subprocess.run([script, 'restart', socket.rsplit('/n', 1)[1].split('.')[0]], check=True, stdout=subprocess.DEVNULL)
        until('the lock', lambda: o.info()['Swarm']['LocalNodeState'] == 'locked')
        o.swarm.unlock(key); ok('swarm.unlock')
        until('the manager', lambda: o.info()['Swarm']['LocalNodeState'] == 'active' and o.info()['Swarm']['ControlAvailable'])
    finally:
        o.swarm.leave(force=True); ok('swarm.leave')
    c.swarm.reload()
    o.swarm.join(remote_addrs=[manager], join_token=c.swarm.attrs['JoinTokens']['Worker'], advertise_addr=address); ok('swarm.join')
    node = until('its place', lambda: o.info()['Swarm']['NodeID'])
    until('its readiness', lambda: c.nodes.get(node).attrs['Status']['State'] == 'ready')
    assert len(c.api.nodes()) == 4 and c.api.inspect_node(node)['Spec']['Role'] == 'worker'
    c.api.update_node(node, c.nodes.get(node).version, {**c.nodes.get(node).attrs['Spec'], 'Labels': {'sdk': 'out'}})
    assert o.swarm.leave(); ok('swarm.leave worker')
    until('its absence', lambda: c.nodes.get(node).attrs['Status']['State'] == 'down')
    c.api.remove_node(node); ok('api.remove_node')
    assert len(c.nodes.list()) == 3


def clear(c):
    """What an earlier run that failed left behind."""
    for kind in (c.services, c.secrets, c.configs):
        for x in kind.list(filters={'name': 'sdk-'}):
            x.remove()
    for n in c.networks.list(filters={'name': 'sdk-'}):
        until(f'network {n.name} to be free', lambda n=n: removed(n))


if __name__ == '__main__':
    socket, kind, *more = sys.argv[1:]
    wanted = {name for cls in CLASSES[kind] for name in watch(cls)}
    client = docker.DockerClient(base_url=f'unix://{socket}', version='auto', timeout=30)
    clear(client)
    globals()[kind](client, *more)
    for name in sorted(wanted & used):
        print('used', name)
    for name in sorted(wanted & absent - used):
        print(f"absent {name}: {NOT_SERVED[name.split('.')[1]]}")
    forgotten = sorted(wanted - used - absent)
    assert not forgotten, f'nobody used {forgotten}'
