using System.Reflection;
using Skep.Model;
using Skep.Model.Net;

namespace Skep.Rpc.Tests.Mapping;

/// <summary>Makes values of any type of Model by looking at its constructors and properties: a new property is filled without anybody's help.</summary>
/// <param name="sparse">True: what may be null often is, lists are sometimes empty. False: nothing is null, empty, zero or false.</param>
internal sealed class ModelGenerator(Random random, bool sparse)
{
    private static readonly NullabilityInfoContext Nullability = new();

    public T Make<T>() => (T)Make(typeof(T));

    public object Make(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Make(inner);
        }

        if (type.IsEnum)
        {
            Array values = Enum.GetValues(type);
            return values.GetValue(random.Next(sparse || values.Length == 1 ? 0 : 1, values.Length))!;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueList<>))
        {
            return MakeList(type.GenericTypeArguments[0]);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueMap<,>))
        {
            return MakeMap(type);
        }

        if (type.IsAbstract || type.IsInterface)
        {
            Type[] choices = [.. typeof(Cluster).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsAssignableTo(type)).OrderBy(t => t.FullName, StringComparer.Ordinal)];
            return Make(choices[random.Next(choices.Length)]);
        }

        return MakeValue(type) ?? MakeRecord(type);
    }

    private object? MakeValue(Type type)
    {
        if (type == typeof(string))
        {
            return sparse && random.Next(4) == 0 ? "" : IdSource.From(random).Next()[..random.Next(1, 9)];
        }

        if (type == typeof(bool))
        {
            return !sparse || random.Next(2) == 0;
        }

        if (type == typeof(DateTimeOffset))
        {
            return DateTimeOffset.UnixEpoch.AddTicks(random.NextInt64(1, 1L << 56));
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.FromTicks(random.NextInt64(1, 1L << 50));
        }

        if (type == typeof(SensitiveBytes))
        {
            byte[] bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            return SensitiveBytes.From(bytes);
        }

        if (type == typeof(Ipv4Address))
        {
            return new Ipv4Address((uint)random.NextInt64(1, uint.MaxValue));
        }

        if (type == typeof(Ipv4Prefix))
        {
            return new Ipv4Prefix(Make<Ipv4Address>(), random.Next(8, 33));
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.Byte => (byte)random.Next(1, 256),
            TypeCode.Int32 => random.Next(1, int.MaxValue),
            TypeCode.UInt32 => (uint)random.NextInt64(1, uint.MaxValue),
            TypeCode.Int64 => random.NextInt64(1, long.MaxValue) * (random.Next(2) == 0 ? -1 : 1),
            TypeCode.UInt64 => (ulong)random.NextInt64(1, long.MaxValue) * 2 + 1,
            TypeCode.Single => random.NextSingle() + 0.01f,
            _ => null,
        };
    }

    private object MakeRecord(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).FirstOrDefault()
            ?? throw new NotSupportedException($"no way to make a {type}");
        if (type.IsValueType && sparse)
        {
            // Ids are never empty.
            return new ModelGenerator(random, sparse: false).MakeRecord(type);
        }

        object made = constructor.Invoke([.. constructor.GetParameters().Select(p => MaybeNull(Nullability.Create(p).WriteState) ? null : Make(p.ParameterType))]);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null))
        {
            if (constructor.GetParameters().Any(p => p.Name == property.Name))
            {
                continue;
            }

            property.SetValue(made, MaybeNull(Nullability.Create(property).WriteState) ? null : Make(property.PropertyType));
        }

        return made;
    }

    private bool MaybeNull(NullabilityState state) => sparse && state == NullabilityState.Nullable && random.Next(2) == 0;

    private object MakeList(Type element)
    {
        var items = Array.CreateInstance(element, random.Next(sparse ? 0 : 1, 4));
        for (int i = 0; i < items.Length; i++)
        {
            items.SetValue(Make(element), i);
        }

        MethodInfo toList = typeof(ValueList).GetMethod(nameof(ValueList.ToValueList))!.MakeGenericMethod(element);
        return toList.Invoke(null, [items])!;
    }

    private object MakeMap(Type type)
    {
        object map = type.GetProperty(nameof(ValueMap<string, string>.Empty))!.GetValue(null)!;
        MethodInfo set = type.GetMethod(nameof(ValueMap<string, string>.Set))!;
        for (int i = random.Next(sparse ? 0 : 1, 4); i > 0; i--)
        {
            map = set.Invoke(map, [Make(type.GenericTypeArguments[0]), Make(type.GenericTypeArguments[1])])!;
        }

        return map;
    }
}
