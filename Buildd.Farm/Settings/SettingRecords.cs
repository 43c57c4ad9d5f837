using System.Data.Common;
using System.Text.Json;
using Buildd.Farm.Audit;
using Buildd.Farm.Rights;
using Buildd.Farm.Store;
using Buildd.Linux.Files;
using Dapper;

namespace Buildd.Farm.Settings;

/// <summary>
/// The settings that were set; the audit has their history. <see cref="FarmStore"/> says what holds of all its records.
/// </summary>
/// <param name="store">Whose they are.</param>
/// <param name="audit">Who changed what.</param>
internal sealed class SettingRecords(FarmStore store, AuditRecords audit)
{
    private const string Kind = "setting";

    /// <summary>The value of a setting, or its default.</summary>
    internal Task<string> GetAsync(KnownSetting setting, CancellationToken cancellationToken) =>
        store.ReadAsync(connection => GetAsync(connection, setting), cancellationToken);

    /// <inheritdoc cref="GetAsync(KnownSetting, CancellationToken)"/>
    internal static async Task<string> GetAsync(DbConnection connection, KnownSetting setting) =>
        await FindAsync(connection, setting) ?? setting.Default;

    /// <summary>All settings with their values, by name. A value that nobody has set is the default.</summary>
    internal Task<IReadOnlyList<SettingValue>> ListAsync(CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<SettingValue>>(
            async connection =>
            {
                var all = new List<SettingValue>();
                foreach (var setting in KnownSettings.All)
                {
                    var value = await FindAsync(connection, setting);
                    all.Add(new SettingValue(setting, value ?? setting.Default, IsSet: value is not null));
                }

                return all;
            },
            cancellationToken);

    /// <summary>Sets a setting.</summary>
    /// <exception cref="FarmException">The value can't be one, or the actor is no administrator.</exception>
    internal Task SetAsync(Actor actor, KnownSetting setting, string value, CancellationToken cancellationToken)
    {
        actor.Demand("change settings", Role.Administrator);
        if (setting.Check(value) is { } wanted)
            throw FarmException.Invalid($"{setting.Name} is {wanted}, not {FileName.Display(value)}");
        return store.WriteAsync(
            async connection =>
            {
                var old = await FindAsync(connection, setting);
                if (old == value)
                    return false;
                await connection.ExecuteAsync(
                    "INSERT INTO setting (name, value) VALUES (@Name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    new { setting.Name, value });
                await audit.WriteAsync(
                    connection, actor, "changed", Kind, setting.Name,
                    [new FieldChange("value", ToJson(old ?? setting.Default), ToJson(value))]);
                return true;
            },
            cancellationToken);
    }

    private static Task<string?> FindAsync(DbConnection connection, KnownSetting setting) => connection.ExecuteScalarAsync<string?>(
        "SELECT value FROM setting WHERE name = @Name", new { setting.Name });

    private static string ToJson(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}

/// <summary>A setting with its value.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Value">Its value at this moment.</param>
/// <param name="IsSet">Whether somebody has set it, and it is not the default only.</param>
internal sealed record SettingValue(KnownSetting Setting, string Value, bool IsSet);
