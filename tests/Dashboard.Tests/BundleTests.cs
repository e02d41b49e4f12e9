using System.Security.Cryptography;
using System.Text.Json;
using Skep.Dashboard.Pages;
using Skep.Testing.Clusters;

namespace Skep.Dashboard.Tests;

/// <summary>The page in the daemon is what its sources say, small, and made of nothing else.</summary>
public sealed class BundleTests
{
    private static readonly string Web = Repository.PathOf("src", "Dashboard", "web");
    private static readonly string Built = Repository.PathOf("src", "Dashboard", "wwwroot");

    [Fact]
    public void The_bundle_was_built_from_these_sources()
    {
        string[] sources = [.. new[] { "index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts" }.Concat(Directory.GetFiles(Path.Combine(Web, "src")).Select(f => "src/" + Path.GetFileName(f))).Order(StringComparer.Ordinal)];
        string digest = string.Concat(sources.Select(f => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Web, f))))}  {f}\n"));
        Assert.Equal(digest, File.ReadAllText(Path.Combine(Built, "sources.sha256"))); // Else: cd src/Dashboard/web && npm ci && npm run build
    }

    [Fact]
    public void What_is_served_is_the_bundle()
    {
        string[] files = [.. Directory.GetFiles(Built).Select(f => Path.GetFileName(f)!).Where(f => f != "sources.sha256").Order(StringComparer.Ordinal)];
        Assert.Equal(["app.css", "app.js", "index.html"], files);
        Assert.Equal(files, typeof(DashboardServer).Assembly.GetManifestResourceNames().Order(StringComparer.Ordinal));
        foreach (string file in files)
        {
            using Stream served = typeof(DashboardServer).Assembly.GetManifestResourceStream(file)!;
            Assert.Equal(SHA256.HashData(File.ReadAllBytes(Path.Combine(Built, file))), SHA256.HashData(served));
        }

        Assert.True(files.Sum(f => new FileInfo(Path.Combine(Built, f)).Length) < 60_000, "the page grew");
    }

    [Fact]
    public void The_page_needs_a_compiler_and_a_bundler_and_nothing_at_run_time()
    {
        using JsonDocument package = JsonDocument.Parse(File.ReadAllText(Path.Combine(Web, "package.json")));
        Assert.False(package.RootElement.TryGetProperty("dependencies", out _));
        Assert.Equal(["typescript", "vite"], package.RootElement.GetProperty("devDependencies").EnumerateObject().Select(d => d.Name));
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(Web, "tsconfig.json")));
        Assert.True(settings.RootElement.GetProperty("compilerOptions").GetProperty("strict").GetBoolean());
    }

    /// <summary>Where Node 20 and the packages can be had; elsewhere the digests above have to do.</summary>
    [Fact]
    public async Task Building_the_sources_again_gives_the_same_bytes()
    {
        CommandResult node = await Command.RunAsync("sh", "-c", "command -v npm >/dev/null && node --version");
        if (node.Code != 0 || !Version.TryParse(node.Out.Trim().TrimStart('v'), out Version? version) || version.Major < 20)
        {
            return;
        }

        string folder = Directory.CreateTempSubdirectory("skt-dashboard-").FullName;
        (await Command.RunAsync("sh", "-c", $"mkdir {folder}/web && cd '{Web}' && cp -r index.html package*.json tsconfig.json vite.config.ts src {folder}/web")).Succeeded();
        CommandResult packages = await Command.RunAsync("sh", ["-c", $"cd {folder}/web && npm ci --prefer-offline --no-audit --no-fund"], null, null, TimeSpan.FromMinutes(3));
        if (packages.Code == 0)
        {
            (await Command.RunAsync("sh", ["-c", $"cd {folder}/web && npm run build"], null, null, TimeSpan.FromMinutes(2))).Succeeded();
            (await Command.RunAsync("diff", "-r", Built, $"{folder}/wwwroot")).Succeeded();
        }

        Directory.Delete(folder, recursive: true);
    }
}
