using Skep.Manager;
using Skep.Rpc.Security;
using Skep.Store;
using Skep.Worker.Agent;

namespace Skep.Host.Node;

/// <summary>What the node shows others and keeps on disk of itself: its certificate, renewed and put in force; the roots it trusts; its keys, sealed as the cluster wants.</summary>
internal sealed partial class MemberNode
{
    private void OnClusterInfo(ClusterInfo news)
    {
        _known.TrySetResult();
        string[] managers = [.. news.Managers.Select(m => m.Address).Order(StringComparer.Ordinal)];
        if (managers.Length > 0 && !managers.SequenceEqual(_record.Managers, StringComparer.Ordinal))
        {
            Remember(_record with { Managers = managers });
        }

        if (news.DataPathPort != 0 && news.DataPathPort != _record.DataPathPort)
        {
            Remember(_record with { DataPathPort = news.DataPathPort });
        }

        Trust(news.RootCaPem);
        _wantedIssuer = [.. news.IssuerPublicKey];
        if (!IsFromWantedIssuer(_identity.Current))
        {
            _renewer?.Look();
        }

        if (Interlocked.Exchange(ref _wantedRole, (int)news.DesiredRole) != (int)news.DesiredRole || news.DesiredRole != _identity.Current.Role)
        {
            _renewer?.Look();
        }
    }

    private bool IsWanted(NodeIdentity identity) => Volatile.Read(ref _wantedRole) == (int)identity.Role && !_isRenewalWanted && IsFromWantedIssuer(identity);

    private bool IsFromWantedIssuer(NodeIdentity identity)
        => _wantedIssuer is not { Length: > 0 } wanted || identity.Issuer?.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(wanted) == true;

    /// <summary>The roots that managers name are trusted from now on, others no more.</summary>
    private void Trust(string rootPem)
    {
        lock (_replacing)
        {
            if (rootPem.Length > 0 && rootPem != _identity.Current.RootPem)
            {
                NodeIdentity next = _identity.Current.WithRoots(rootPem);
                _identities.Save(next);
                _identity.Replace(next);
                _logger.RootsChanged(next.Node, next.Roots.Count);
            }
        }
    }

    private async Task<bool> TryRenewAsync(ManagerNode? serving, CancellationToken ct)
    {
        foreach (string manager in _record.Managers)
        {
            try
            {
                NodeIdentity next = await CertificateClient.RenewAsync(_channels.To(manager, Callee.AnyManager), manager, _time, ct).ConfigureAwait(false);
                if (((int)next.Role != Volatile.Read(ref _wantedRole) && next.Role == _identity.Current.Role) || !IsFromWantedIssuer(next))
                {
                    continue; // That manager has not heard yet.
                }

                _isRenewalWanted = false;
                PutInForce(serving, next);
                _logger.CertificateRenewed(next.Node, next.Role, next.Certificate.NotAfter);
                foreach (string address in _record.Managers)
                {
                    _channels.Forget(address); // New connections show the new role.
                }

                return true;
            }
            catch (ClusterException e)
            {
                _logger.RenewalFailed(manager, e.Message);
            }
        }

        return false;
    }

    /// <summary>The identity on disk and the one shown to others become <paramref name="next"/>; the data key of <paramref name="serving"/>, null on a worker, opens with it.</summary>
    private void PutInForce(ManagerNode? serving, NodeIdentity next)
    {
        lock (_replacing)
        {
            if (next.Role == NodeRole.Manager && _unlockKey is { } unlockKey)
            {
                next = next.WithUnlockKey(unlockKey);
            }

            serving?.PrepareIdentity(_identity.Current, next);
            _identities.Save(next);
            _identity.Replace(next);
            serving?.SettleIdentity(next);
        }
    }

    /// <summary>This manager's private key lies on disk as the cluster wants it: open, or sealed with the unlock key that is in force.</summary>
    /// <remarks>Asks the quorum each time: a replica that is just catching up would bring back keys of long ago.</remarks>
    private async Task KeepSealedAsync(ManagerNode manager, CancellationToken ct)
    {
        using StoreWatch watch = manager.Store.Watch();
        await using IAsyncEnumerator<StoreBatch> batches = watch.GetAsyncEnumerator(ct);
        do
        {
            Seal(await ReadClusterAsync(manager, ct).ConfigureAwait(false));
            do
            {
                if (!await batches.MoveNextAsync().ConfigureAwait(false))
                {
                    return;
                }
            }
            while (!batches.Current.IsResync && !batches.Current.Events.Any(e => e.Kind == ObjectKind.Cluster));
        }
        while (true);
    }

    private async Task<Cluster?> ReadClusterAsync(ManagerNode manager, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return (await manager.Store.ReadAsync(ct).ConfigureAwait(false)).Cluster;
            }
            catch (ClusterException e) when (e.Kind == ErrorKind.Unavailable)
            {
                await Task.Delay(TimeSpan.FromSeconds(1), _time, ct).ConfigureAwait(false); // No leader; the lock stays as it is.
            }
        }
    }

    private void Seal(Cluster? cluster)
    {
        if (cluster is null)
        {
            return;
        }

        lock (_replacing)
        {
            _unlockKey = cluster.UnlockKey;
            NodeIdentity present = _identity.Current;
            if (present.Role != NodeRole.Manager || present.UnlockKey == cluster.UnlockKey)
            {
                return;
            }

            NodeIdentity next = present.WithUnlockKey(cluster.UnlockKey);
            _identities.Save(next);
            _identity.Replace(next);
            _logger.KeySealed(next.Node, next.UnlockKey.Length > 0);
            if (present.UnlockKey.Length == 0)
            {
                // A key that lay open is worth nothing behind a lock: get another.
                _isRenewalWanted = true;
                _renewer?.Look();
            }
        }
    }
}
