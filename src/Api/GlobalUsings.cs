global using Skep.Model;
global using Skep.Model.Net;
global using Skep.Wire;
global using Skep.Wire.Mapping;
